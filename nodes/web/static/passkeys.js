// Passkeys: asks the browser for one, puts its answer into the form and sends that. Without scripts, or in a browser
// that does not know them, the buttons stay hidden and a code does the same work.
for (const button of document.querySelectorAll("button[data-passkey]")) {
  if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) break;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const said = document.getElementById(button.dataset.said);
    said.textContent = "";
    try {
      const options = JSON.parse(button.dataset.options);
      const found = button.dataset.passkey === "create"
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
      button.form.elements[button.dataset.into].value = JSON.stringify(found.toJSON());
      button.form.submit();
    } catch {
      said.textContent = button.dataset.failed;
    }
  });
}

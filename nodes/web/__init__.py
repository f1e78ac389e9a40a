"""The officer's pages: server-rendered, usable without scripts, in English and Russian. No rule of the exchange."""

"""The findings in English: the sentence, what it means, and what it does not mean. Nothing but data."""

from types import MappingProxyType
from typing import Final

WORDS: Final = MappingProxyType(
    {
        "FILE_MISSING": (
            "the manifest names a file that is not here",
            "Something was taken out after the bundle was made, or the copy is not whole.",
            "It does not say what the missing file would have shown.",
        ),
        "FILE_CHANGED": (
            "the file is not the one that the manifest describes",
            "Size or SHA-256 differ: the file was changed after the bundle was made.",
            "It does not say who changed it, nor that the change was meant.",
        ),
        "FILE_UNLISTED": (
            "the manifest does not name this file",
            "Somebody added it after the bundle was made.",
            "Nothing that it says is evidence.",
        ),
        "FILE_UNKNOWN": (
            "the bundle layout has no such file",
            "No program of this protocol writes a file of this name into a bundle.",
            "Nothing that it says is evidence.",
        ),
        "MANIFEST_COMPLETE": (
            "every file is listed and unchanged",
            "The copy is whole, as it was made.",
            "The manifest is not signed: whoever made the bundle chose what to put in.",
        ),
        "FEDERATION_SIGNED": (
            "the federation document is signed by the threshold of its roots",
            "As many root keys as it asks for signed which units and which hub there are.",
            "It is believed only if these are the roots that you know from elsewhere.",
        ),
        "FEDERATION_REFUSED": (
            "the federation document does not hold",
            "Signatures are missing or wrong, or it does not follow from the one before it.",
            "Nothing that rests on it is proved; it need not be false.",
        ),
        "FEDERATION_LOGGED": (
            "the hub logged the federation document",
            "It was in force from this time until the next one was logged.",
            "It does not say that there is no newer document outside the bundle.",
        ),
        "FEDERATION_NOT_LOGGED": (
            "no proved entry says when the federation document came into force",
            "It cannot be said whether it counted when something was done.",
            "The document itself may be genuine.",
        ),
        "ROOTS_NOT_PINNED": (
            "compare these root key ids with those you were given on paper",
            "The bundle brought its own roots. Without this comparison a forger could have made them all.",
            "It is no fault of the bundle; name the roots with --root and this line becomes a proof.",
        ),
        "ROOTS_PINNED": (
            "the threshold of the root keys you named signed the federation document",
            "Everything below rests on roots that you brought yourself.",
            "It is as good as the way on which the root key ids came to you.",
        ),
        "CHECKPOINT_SIGNED": (
            "the log signed this checkpoint with both of its keys",
            "The hub committed itself to a log of exactly this size and content.",
            "Alone it does not exclude that the hub signed another log for others: the witnesses do.",
        ),
        "CHECKPOINT_REFUSED": (
            "the checkpoint does not hold",
            "It is missing, of another log, or a signature is wrong.",
            "No entry is proved without it; they need not be false.",
        ),
        "POLICY_STATED": (
            "the policy is the one that the federation's roots and the units' own statements make",
            "Who must cosign, with which keys, and how many, was decided by the federation and not by the bundle.",
            "It does not say that they did: see the quorum.",
        ),
        "POLICY_REFUSED": (
            "the policy is not the one that was in force for this checkpoint",
            "It is missing, older, or asks for other witnesses or fewer of them.",
            "The checkpoint was judged by the policy in force, not by this file.",
        ),
        "QUORUM_MET": (
            "enough witnesses cosigned the checkpoint",
            "So many units vouch that their view of the log has no other history: the hub alone cannot rewrite it.",
            "Witnesses do not look into entries; if a quorum of them conspires with the hub, this proves nothing.",
        ),
        "QUORUM_MISSED": (
            "too few witnesses cosigned the checkpoint",
            "The federation demands more cosignatures than there are: the hub may have shown this log to nobody else.",
            "It does not prove that the hub lied; ask for a bundle under a published checkpoint.",
        ),
        "QUORUM_NOT_ASKED": (
            "the federation asks for no witnesses",
            "Only the hub vouches for its log.",
            "It does not say that the log was rewritten; it says that nobody else would have noticed.",
        ),
        "COSIGNATURE_REFUSED": (
            "a cosignature is wrong",
            "A line in the name of a witness does not verify: somebody altered or invented it.",
            "Other cosignatures may be good, but a note with a wrong one is not believed.",
        ),
        "HISTORY_CONTRADICTED": (
            "the log signed a second history",
            "Two checkpoints, both signed by the log, cannot both be true: the hub's operator or its keys lied.",
            "It does not say which of the two is true; take both to the federation.",
        ),
        "CONFLICT_REFUSED": (
            "what is given as a contradicting checkpoint contradicts nothing",
            "It is not signed by the log, or it agrees with the other one.",
            "It says nothing about the log.",
        ),
        "ENTRY_PROVED": (
            "the entry stands in the log under the checkpoint",
            "The hub recorded exactly these bytes at this place, before the checkpoint was signed.",
            "The time in it is the hub's word; a lie written down at the beginning stays a lie.",
        ),
        "ENTRY_REFUSED": (
            "the entry is not proved to stand in the log",
            "Its proof is missing, of another entry, or leads to another root.",
            "It may stand in the log elsewhere; this bundle does not show it.",
        ),
        "ENTRY_NOT_GIVEN": (
            "the proof names a place in the log, and no entry was given to look for there",
            "Only the checkpoint was checked. Give the entry with --entry to check the proof.",
            "It does not say what stands in the log.",
        ),
        "ENTRY_ALONE": (
            "the log records something whose document is not in the bundle",
            "Somebody sent or said something at this time, and the bundle does not hold what.",
            "It is no fault: its maker may not have it. Ask him why.",
        ),
        "KEY_STATED": (
            "the key was stated by its unit and logged",
            "The unit itself said that this key is its own, and from when to when.",
            "It does not say which person used it.",
        ),
        "KEY_REFUSED": (
            "the key statement does not hold",
            "Nobody entitled signed it, or the log records something else.",
            "What was signed with this key is not proved; it need not be false.",
        ),
        "KEY_REVOKED": (
            "the key was revoked by its unit and the revocation logged",
            "From the revocation on the key proves nothing; what was logged before stays good.",
            "A revocation that is not in the bundle cannot be seen here.",
        ),
        "ENVELOPE_SIGNED": (
            "the sender signed the envelope, and the hub logged it",
            "This unit sent exactly these bytes to these recipients, not later than the time of the log.",
            "It does not say what is inside, nor which officer wrote it, unless the content is opened.",
        ),
        "ENVELOPE_REFUSED": (
            "the envelope does not hold",
            "The signature is wrong, the key was not good at that time, or the log records other bytes.",
            "It cannot be held against the unit that it names as its sender.",
        ),
        "RECEIPT_SIGNED": (
            "the receipt is signed by who says it, and logged",
            "The hub or the unit said this about the message, not later than the time of the log.",
            "OPENED says that somebody of the unit opened it, not who and not that he understood it.",
        ),
        "RECEIPT_REFUSED": (
            "the receipt does not hold",
            "It is not signed by who could say it, the key was not good then, or the log does not know it.",
            "It cannot be held against the unit that it names.",
        ),
        "SIGNER_REVOKED_LATER": (
            "the signing key was good at the log's time and was revoked afterwards",
            "The signature keeps its force, because the log shows that it is older than the revocation.",
            "If the key was stolen before, the unit had to say so in the revocation; it did not.",
        ),
        "SIGNER_LEFT_LATER": (
            "the unit was in the federation at the log's time and left afterwards",
            "What it signed while it was a member keeps its force.",
            "It says nothing about why it left.",
        ),
        "CONTENT_OPENED": (
            "the content is the one that the signed envelope commits to",
            "What you read is exactly what the sender sealed and signed.",
            "It is what he wrote, not that it is true.",
        ),
        "CONTENT_ABSENT": (
            "the content is not here, only the commitment to it in the signed header",
            "It was not opened for this bundle, or was erased. Sending, receipts and times are proved without it.",
            "Nothing about the content is proved; if it turns up with its salt, it can be checked any time.",
        ),
        "CONTENT_REFUSED": (
            "the content is not the one that the signed envelope commits to",
            "It was changed, belongs to another message, or its salt is missing.",
            "What you read was not sent in this message, as far as this bundle shows.",
        ),
        "UNIT_LOG_SIGNED": (
            "the unit signed this checkpoint of its own log with both keys",
            "The unit committed itself to its own record of who did what with the message.",
            "Alone it is the unit's own word: see whether it is anchored.",
        ),
        "UNIT_LOG_REFUSED": (
            "the unit's own log does not hold",
            "A signature is wrong, or the keys of this log were not stated by the unit.",
            "What the hub's log proves is not touched by it.",
        ),
        "UNIT_ENTRY_PROVED": (
            "the act stands in the unit's own log",
            "The unit recorded exactly this act, with its code and its time; names are hidden behind commitments.",
            "Who it was is seen only if the unit opens the commitment.",
        ),
        "UNIT_ENTRY_REFUSED": (
            "the act is not proved to stand in the unit's log",
            "Its proof is missing, of another entry, or leads to another root.",
            "It may stand there elsewhere; this bundle does not show it.",
        ),
        "UNIT_LOG_ANCHORED": (
            "the hub's log holds this head of the unit's log",
            "Since that time the unit cannot take out or change an act without being found out.",
            "It does not prove that every act was written down in the first place.",
        ),
        "UNIT_LOG_NOT_ANCHORED": (
            "no proved entry of the hub's log holds this head of the unit's log",
            "The unit alone vouches for its log; it could still have rewritten it.",
            "It does not say that it did. Newer acts are anchored some minutes later.",
        ),
        "TIME_STAMPED": (
            "a time-stamping authority stamped the checkpoint",
            "Everything under the checkpoint existed before the time of the stamp, whatever the hub's clock said.",
            "It says nothing about how much earlier; the authority is as good as the certificate that you trust.",
        ),
        "TIME_STAMP_NOT_CHECKED": (
            "there is a time-stamp that this program did not check",
            "Check it with `openssl ts -verify`, as the documentation shows, or with `serai log verify --tsa`.",
            "It is no fault of the bundle, and it proves nothing until it is checked.",
        ),
        "TIME_STAMP_REFUSED": (
            "the time-stamp does not hold",
            "It is of something else, or no authority that you trust signed it.",
            "What the log and its witnesses prove is not touched by it.",
        ),
        "LOG_KEYS_NOT_PINNED": (
            "compare these log keys with those you were given on paper",
            "The export brought its own keys. Without this comparison a forger could have made them.",
            "It is no fault of the export; name the keys with --vkey and this line becomes a proof.",
        ),
        "LOG_KEYS_PINNED": (
            "the checkpoint is signed by the log keys you named",
            "Everything below rests on keys that you brought yourself.",
            "It is as good as the way on which the keys came to you.",
        ),
        "LINE_REFUSED": (
            "the export has a line that is not of its form",
            "A line is missing, out of order, cut or written otherwise.",
            "It does not say what it would have been.",
        ),
        "LOG_COMPLETE": (
            "the entries give the root that the log signed: none removed, added or changed",
            "This is the whole log up to the checkpoint.",
            "Acts that nobody wrote down are not in any log.",
        ),
        "LOG_ALTERED": (
            "the entries do not give the root that the log signed",
            "At least one entry was removed, added or changed after the log signed its checkpoint.",
            "It does not say which one; compare it with a copy that others hold.",
        ),
    }
)

"""The one error tree: a class for each thing a caller can act on.

Every error carries a stable ``slug`` (part of the public interface: it only grows), one human sentence and the figures
a person needs to put things right. It knows nothing of HTTP: `api.problems` maps classes to statuses, and
`registry.cli.main` maps them to exit codes.
"""

from __future__ import annotations

import errno
from typing import ClassVar, Final

Figure = str | int | float | bool | None | list[str] | list[float] | list[dict[str, object]]
"""What an error may carry beside its sentence: something that JSON can hold."""

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What the system says when a disk, or one's share of it, is full."""


class RegistryError(Exception):
    """The root of every error this project raises on purpose.

    Args:
        detail: one sentence for a person, with the numbers in it.
        figures: the same numbers for a machine, such as ``speech_s=3.2, required_s=20.0``. Names end in their unit.
    """

    slug: ClassVar[str] = "registry_error"

    def __init__(self, detail: str, **figures: Figure) -> None:
        super().__init__(detail)
        self.detail = detail
        self.figures = figures


# --- what the caller sent cannot be used -----------------------------------------------------------------------------


class InvalidInputError(RegistryError):
    """Something the caller sent cannot be used as it is."""

    slug = "invalid_input"


class MediaError(InvalidInputError):
    """A recording cannot be used; the subclasses say why."""

    slug = "media_error"


class EmptyMediaError(MediaError):
    """There are no bytes."""

    slug = "media_empty"


class UnreadableMediaError(MediaError):
    """The path cannot be opened, or is not a regular file."""

    slug = "media_unreadable"


class NotMediaError(MediaError):
    """The bytes are not a media file of a container we read."""

    slug = "media_not_recognised"


class ForbiddenFormatError(MediaError):
    """The container or the codec is real, but not on the list of those we read."""

    slug = "media_format_not_allowed"


class NoAudioError(MediaError):
    """The file is media, but holds no audio stream (or no audio samples)."""

    slug = "media_without_audio"


class TruncatedMediaError(MediaError):
    """The file ends before its own structure says it does, or its header lies about its length."""

    slug = "media_truncated"


class MediaTooLargeError(MediaError):
    """A limit on bytes, seconds, streams, channels or sample rate is exceeded; figures: which, and by how much."""

    slug = "media_too_large"


class CorruptSamplesError(MediaError):
    """The decoded samples are not finite numbers."""

    slug = "media_samples_not_finite"


class DecoderFailedError(MediaError):
    """The decoder crashed, hung, or ran out of its memory or processor allowance while reading this file."""

    slug = "media_decoder_failed"


class UnknownLicenceError(InvalidInputError):
    """A use is claimed under a licence that does not exist or is not the caller's own; which of the two is not said."""

    slug = "licence_unknown"


class UnknownSourceError(InvalidInputError):
    """The declared source is no performer with whom the caller has a licence."""

    slug = "source_unknown"


class UnsupportedModalityError(InvalidInputError):
    """The engine cannot assess this modality; figure ``supported``."""

    slug = "modality_not_supported"


class SpeechError(InvalidInputError):
    """The recording was read, but its speech cannot be assessed; the subclasses say why."""

    slug = "speech_error"


class SilentError(SpeechError):
    """The recording is silent."""

    slug = "recording_silent"


class NoSpeechError(SpeechError):
    """There is sound, but no speech: music, noise."""

    slug = "no_speech"


class SpeechTooShortError(SpeechError):
    """There is speech, but less than is needed; figures ``speech_s`` and ``required_s``."""

    slug = "speech_too_short"


class EnrolmentQualityError(InvalidInputError):
    """An enrolment recording did not pass the quality gate; the subclasses say what to fix."""

    slug = "enrolment_quality"


class SeveralSpeakersError(EnrolmentQualityError):
    """More than one voice speaks in what should be one performer's recording."""

    slug = "enrolment_several_speakers"


class DifferentVoicesError(EnrolmentQualityError):
    """The recordings of one enrolment are not of one voice; figure ``recording`` says which stands apart."""

    slug = "enrolment_different_voices"


class ClippingError(EnrolmentQualityError):
    """Too many samples sit at full scale."""

    slug = "enrolment_clipping"


class TooNoisyError(EnrolmentQualityError):
    """The signal-to-noise ratio is too low."""

    slug = "enrolment_too_noisy"


class IdempotencyKeyReusedError(InvalidInputError):
    """An idempotency key was used before, for another request; figure ``idempotency_key``."""

    slug = "idempotency_key_reused"


class FeeBelowFloorError(InvalidInputError):
    """Less is offered for a use than the licence's floor; figures ``fee_minor``, ``floor_minor`` and ``currency``."""

    slug = "fee_below_floor"


class UnknownAttestationError(InvalidInputError):
    """A use declares a source attestation that does not exist or is another studio's; which is not said."""

    slug = "attestation_unknown"


class TermsContradictError(InvalidInputError):
    """Terms of a licence that cannot all be meant; figure ``contradictions`` lists every one, with its term."""

    slug = "terms_contradict"


class SignatureInvalidError(InvalidInputError):
    """A signature does not hold over what was sent; figure ``step`` says which check failed."""

    slug = "signature_invalid"


class CurrencyMismatchError(InvalidInputError):
    """An amount is in another currency than was agreed; figures ``currency`` and ``agreed_currency``."""

    slug = "currency_mismatch"


class PaymentExceedsDueError(InvalidInputError):
    """A payment is of more than is due; figures ``amount_minor``, ``due_minor`` and ``currency``."""

    slug = "payment_exceeds_due"


class SourceError(InvalidInputError):
    """What a scan was to read its inputs from cannot be listed; the sentence says where it breaks off."""

    slug = "source_unusable"


class DeclaredUseUnknownError(InvalidInputError):
    """What a row of a scan declares of its use is not known; figure ``word``, and the sentence says what is."""

    slug = "declared_use_unknown"


class ScanReportError(InvalidInputError):
    """The report of a scan cannot be taken: its form, its counts, or what was sent with it is not what it signs."""

    slug = "scan_report_unusable"


class ScanOutOfTimeError(InvalidInputError):
    """A scan ran before its gallery file was issued, after it had ended, or in the future; figures: every moment."""

    slug = "scan_out_of_time"


class UnknownGalleryFileError(InvalidInputError):
    """A scan names a gallery file that does not exist or is not the caller's own; which of the two is not said."""

    slug = "gallery_file_unknown"


class InputUnreachableError(InvalidInputError):
    """One input of a scan could not be fetched, however often that was tried; figure ``tries``."""

    slug = "input_unreachable"


class InputOutsideError(InvalidInputError):
    """One input of a scan, or a list of inputs, leads out of the root that may be scanned; figure ``root``."""

    slug = "input_outside"


class InputChangedError(InvalidInputError):
    """One input of a scan changed while it was read."""

    slug = "input_changed"


class AnalysisFailedError(InvalidInputError):
    """The engine broke off on this one recording; figure ``kind``."""

    slug = "analysis_failed"


class AnotherRecordingError(InvalidInputError):
    """A file was sent again and is another one; figures ``sent_sha256`` and ``checked_sha256``."""

    slug = "another_recording"


# --- the record says no ----------------------------------------------------------------------------------------------


class UnauthenticatedError(RegistryError):
    """No token, or a token that is malformed, unknown, expired or revoked."""

    slug = "unauthenticated"


class TokenExpiredError(UnauthenticatedError):
    """The token was valid once; figure ``expired_at``."""

    slug = "token_expired"


class SessionEndedError(UnauthenticatedError):
    """The session was good once, and is over; figure ``reason``: ``ended``, ``idle`` or ``expired``."""

    slug = "session_ended"


class ForbiddenError(RegistryError):
    """Known, but not allowed to do this kind of thing at all."""

    slug = "forbidden"


class SignInRefusedError(ForbiddenError):
    """Nobody is signed in by what came back from the identity provider; figure ``reason`` says why."""

    slug = "sign_in_refused"


class NotFoundError(RegistryError):
    """No such thing, or none that the caller may know of."""

    slug = "not_found"


class ConflictError(RegistryError):
    """The thing is not in a state in which this can be done; figures say which state it is in."""

    slug = "conflict"


class DuplicateError(ConflictError):
    """A thing with this unique property exists already."""

    slug = "duplicate"


class UseRefusedError(ConflictError):
    """The use is refused for reasons that an approval would not lift; figure ``reasons`` has their codes."""

    slug = "use_refused"


class ApprovalExpiredError(ConflictError):
    """What was to be approved was not answered in time, or its approval was not used in time; ``expired_at``."""

    slug = "approval_expired"


class SecondPersonNeededError(ForbiddenError):
    """This takes two people, and the same one has done both steps; figure ``first``."""

    slug = "second_person_needed"


class ProposalChangedError(ConflictError):
    """Other bytes were approved than were proposed; figures ``content_sha256`` and ``approved_sha256``."""

    slug = "proposal_changed"


class UsageOverlapsError(ConflictError):
    """Another usage report covers days of the same licence; figures ``report_id``, ``starts_on`` and ``ends_on``."""

    slug = "usage_overlaps"


class RequestInProgressError(ConflictError):
    """The first request under this idempotency key has not been answered yet; figure ``retry_after_s``."""

    slug = "request_in_progress"


class AnswerLostError(ConflictError):
    """What was asked under this idempotency key was done, and its answer is lost; figure ``records``, the ids of it."""

    slug = "answer_lost"


class RateLimitedError(RegistryError):
    """More was asked for than is allowed in a time; figures ``budget``, ``limit``, ``window_s``, ``retry_after_s``."""

    slug = "rate_limited"


class StaleVersionError(RegistryError):
    """The caller changed a version that is no longer current; figures ``version`` and ``current_version``."""

    slug = "stale_version"


class LicenceUnsoundError(ConflictError):
    """A dated rule would not let these terms stand; figure ``findings`` names each rule."""

    slug = "licence_unsound"


class ConsentMissingError(ConflictError):
    """There is no active consent for the purpose and modality that this needs; figures name both."""

    slug = "consent_missing"


class ChoiceRefusedError(ConflictError):
    """The performer's consent to licensing says never to a use that terms would permit; figure ``uses``."""

    slug = "choice_refused"


class NotEnrolledError(ConflictError):
    """The performer's voice is not enrolled, so that nobody could tell whether it is theirs."""

    slug = "not_enrolled"


class TooManyAttemptsError(ConflictError):
    """This was tried as often as is allowed; figures ``attempts``, ``allowed`` and ``retry_after_s``."""

    slug = "too_many_attempts"


class StatementSpentError(ConflictError):
    """The one-time number of a spoken statement was used, or its time is over; figure ``state``."""

    slug = "statement_spent"


class ExplanationIncompleteError(InvalidInputError):
    """A consent cannot rest on this explanation; figure ``missing`` lists what it lacks."""

    slug = "explanation_incomplete"


class AnswerNotUnderstoodError(InvalidInputError):
    """An answer given elsewhere does not show understanding; figures ``questions`` and ``teaches``."""

    slug = "not_understood"


class RepresentativeRequiredError(ConflictError):
    """The performer is a minor, or has died: only a guardian, or the estate, says yes; figures ``required``."""

    slug = "representative_required"


class EvidenceRequiredError(InvalidInputError):
    """This is only taken with the digest of a document that shows it; figure ``evidence``."""

    slug = "evidence_required"


class NameRefusedError(ConflictError):
    """Somebody of this name has asked to be forgotten."""

    slug = "name_refused"


class ControllerUnnamedError(ConflictError):
    """A receipt or a statement names who answers for the registry, and the settings do not; figure ``settings``."""

    slug = "controller_unnamed"


class ScanMismatchError(ConflictError):
    """A scan cannot go on as it began; figure ``differs`` names everything that is not as it was."""

    slug = "scan_mismatch"


class ScanBusyError(ScanMismatchError):
    """Another process is at the same scan at this moment."""

    slug = "scan_busy"


# --- the machine says no ---------------------------------------------------------------------------------------------


class RulePackError(RegistryError):
    """A rule pack, or another file of the rules, cannot be read; figure ``where`` says at which part."""

    slug = "rule_pack"


class ExplanationTextChangedError(RegistryError):
    """A text that came with the registry is not the one that was pinned; figure ``text_id``."""

    slug = "explanation_text_changed"


class SettingsError(RegistryError):
    """The configuration is missing something or is unsafe; the sentence says what to set."""

    slug = "settings"


class SpaceMismatchError(RegistryError):
    """Two vectors of different embedding spaces were about to be compared; figures name both spaces."""

    slug = "space_mismatch"


class SelfTestFailedError(RegistryError):
    """A known answer came out wrong: the engine refuses to serve."""

    slug = "self_test_failed"


class WeightsError(RegistryError):
    """Weights are absent, or their SHA-256 is not the one pinned."""

    slug = "weights"


class KeyDestroyedError(RegistryError):
    """The key was destroyed on withdrawal; what it sealed is gone for good."""

    slug = "key_destroyed"


class SealBrokenError(RegistryError):
    """Sealed bytes did not authenticate: tampered with, or sealed under another key or for another record."""

    slug = "seal_broken"


class OpeningMismatchError(RegistryError):
    """An opening does not fit the journal leaf it is shown with."""

    slug = "opening_mismatch"


class ProofInvalidError(RegistryError):
    """A proof about the journal's tree does not show what it is shown for; figures say of which leaf or sizes."""

    slug = "proof_invalid"


class JournalDamagedError(RegistryError):
    """The journal is not as it was written: nothing is appended or signed until it is; `likeness doctor` says more."""

    slug = "journal_damaged"


class KeyringError(RegistryError):
    """The master keyring is absent, unreadable, or too open; the sentence says what to do."""

    slug = "keyring"


class KeysUnavailableError(RegistryError):
    """The service that has the keys does not answer: nothing can be opened or sealed until it does."""

    slug = "keys_unavailable"


class DatabaseNotReadyError(RegistryError):
    """The database cannot be reached, or its schema is not at the version this code needs."""

    slug = "database_not_ready"


class DatabaseUnavailableError(DatabaseNotReadyError):
    """The database cannot be reached, was lost on the way, or was held by others for too long: worth asking again."""

    slug = "database_unavailable"


class StorageFullError(RegistryError):
    """There is no room where something has to be kept; nothing of it was. It goes on when there is room."""

    slug = "storage_full"


class BlobStoreError(RegistryError):
    """The blob store does not answer; figure ``key``."""

    slug = "blob_store"


class RegistryUnreachableError(RegistryError):
    """A registry that is asked over HTTP does not answer, or what answers is none; figure ``url``."""

    slug = "registry_unreachable"


class LeaseLostError(RegistryError):
    """Another worker took the work over; whatever this one found is dropped."""

    slug = "lease_lost"


class TooFewPeopleError(RegistryError):
    """The recordings are of too few people to calibrate on; figures say how many there are and how many it takes."""

    slug = "too_few_people"


class EngineMismatchError(RegistryError):
    """Another worker of this registry runs another version or calibration of the engine; figures name both."""

    slug = "engine_mismatch"


class EngineNotInForceError(EngineMismatchError):
    """A process was started for another operating point or calibration than are in force; figures name both."""

    slug = "engine_not_in_force"


class EngineUnavailableError(RegistryError):
    """No worker with a working engine is there to answer."""

    slug = "engine_unavailable"


class ProviderUnavailableError(RegistryError):
    """The identity provider does not answer, or not as it should; what is wrong is logged."""

    slug = "identity_provider_unavailable"


class DecoderUnavailableError(RegistryError):
    """The decoding process cannot be started on this machine, or was closed."""

    slug = "decoder_unavailable"


class PrintingUnavailableError(RegistryError):
    """A report cannot be printed on this machine, or not within its limits; the sentence says what to do."""

    slug = "printing_unavailable"


class ScanInterruptedError(RegistryError):
    """A scan was asked to stop; finished shards are kept. Figures ``rows_done`` and ``rows``."""

    slug = "scan_interrupted"


class ScanClusterError(RegistryError):
    """The machines that a scan runs on cannot be used, or gave out; finished shards are kept."""

    slug = "scan_cluster"


class ScanStorageError(RegistryError):
    """The results of a scan cannot be written: the folder is gone, or in somebody else's hands."""

    slug = "scan_storage"


class ScanUnreconciledError(RegistryError):
    """The rows of a scan are not those of its manifest; figure ``row``, where they part."""

    slug = "scan_not_reconciled"


# --- a backup cannot be used -----------------------------------------------------------------------------------------


class BackupError(RegistryError):
    """A backup cannot be made, looked at or restored; the subclasses say why."""

    slug = "backup"


class BackupDamagedError(BackupError):
    """A part of a backup is not as it was written; figure ``part`` says which."""

    slug = "backup_damaged"


class BackupForeignError(BackupError):
    """The backup, or its keys, are of another registry, of another backup, or open with no key of this keyring."""

    slug = "backup_foreign"


class RestoreRefusedError(BackupError):
    """A backup is not restored like this; the sentence says what is missing, or in the way."""

    slug = "restore_refused"


class EndingsDamagedError(BackupError):
    """The list of endings is not what was written; figures say where."""

    slug = "endings_damaged"


# --- a gallery file cannot be searched -------------------------------------------------------------------------------


class GalleryFileError(RegistryError):
    """A gallery file cannot be searched; the subclasses say why."""

    slug = "gallery_file"


class GalleryFileTamperedError(GalleryFileError):
    """A part of the file is not as it was issued; figure ``part`` says which."""

    slug = "gallery_file_tampered"


class GalleryFileForeignError(GalleryFileError):
    """The file was issued for another key or another purpose, or by a registry whose keys were not given."""

    slug = "gallery_file_foreign"


class GalleryFileStaleError(GalleryFileError):
    """The file has ended, or nothing was heard of it for longer than its status interval; figures say since when."""

    slug = "gallery_file_stale"


class GalleryFileReplacedError(GalleryFileError):
    """The registry says that the file must not be searched any more; figures ``standing`` and ``dropped``."""

    slug = "gallery_file_replaced"


class GalleryFileMismatchError(GalleryFileError):
    """The file was made for other embedding spaces or another calibration; figures name both."""

    slug = "gallery_file_mismatch"

"""What can go wrong in pd_ml, by name. Every message is one line: what was found, what was expected, what to do.

PdMlError
├── ConfigError       a recipe, field or value that does not exist or does not fit
├── ProvenanceError   a folder that is not finished, or not what it is said to be
├── DataError         a dataset that cannot feed this training
├── TokenizerError    a tokenizer or preprocessor that cannot be read, converted or used with this config
├── CleanRoomError    a training that reaches for the network or for a model that is not ours
├── DeviceError       hardware or a backend that is asked for and not there
├── DiskFullError     a file that found no room on its disk
├── CheckpointError   a checkpoint folder that cannot be written or continued
├── TrainingError     a training that went wrong (a loss that is not finite)
├── PromptError       a prompt for a model that takes none, or none for one that needs it
├── ForeignModelError a model of the prior system that cannot be read as it was meant
├── PictureError      a picture file that cannot be read or enlarged
├── RequestError      a line that the server cannot take as a request
├── EvaluationError   an evaluation whose inputs do not fit together
├── BundleError       a bundle that is incomplete, altered, or of another format
├── MarkError         a picture that cannot be marked, or a key that cannot sign
└── Suspended         asked to stop: a checkpoint is saved, the same command continues
"""


class PdMlError(Exception):
    """Root of the tree; the command line prints it in one line and exits 1."""


class ConfigError(PdMlError):
    """A recipe, stage, field or value that does not exist or does not fit."""


class ProvenanceError(PdMlError):
    """A model or dataset folder that is unfinished, damaged or another one than expected."""


class DataError(PdMlError):
    """A dataset that cannot feed this training: too few examples, no captions, an undecodable picture."""


class TokenizerError(PdMlError):
    """A tokenizer or preprocessor folder that cannot be read, converted or used with this config."""


class CleanRoomError(PdMlError):
    """Something within a training reached for the network, or for a model that is none of its inputs."""


class DeviceError(PdMlError):
    """Hardware or an attention backend that the config asks for and this machine does not have."""


class DiskFullError(PdMlError):
    """A file that found no room on its disk, or more than this process may write; what was whole before stays whole."""


class CheckpointError(PdMlError):
    """A folder of checkpoints that cannot be continued with this command."""


class TrainingError(PdMlError):
    """A training that cannot go on, such as a loss that is not finite."""


class PromptError(PdMlError):
    """What is asked of `sample` does not fit the model."""


class ForeignModelError(PdMlError):
    """A model folder of the prior system that is damaged, incomplete or of an architecture that is not built here."""


class PictureError(PdMlError):
    """A picture file that cannot be read, is too large to be enlarged, or cannot be written as asked."""


class RequestError(PdMlError):
    """A line on the server's stdin that is no request: not JSON, or with a field that is missing, wrong or unknown."""


class EvaluationError(PdMlError):
    """Models, dataset and attributes that do not fit together."""


class BundleError(PdMlError):
    """A bundle that is incomplete, altered, of a newer format, or whose papers are not what its tables give."""


class MarkError(PdMlError):
    """A picture that cannot be marked, or a key or certificate that cannot sign."""


class Suspended(PdMlError):
    """The training was asked to stop and has saved a checkpoint; the command line exits 75."""

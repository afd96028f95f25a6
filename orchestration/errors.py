"""The one kind of error a user may see: a paragraph that says what, where and what to do."""


class UserError(Exception):
    """A mistake or a state the user can mend, told in one paragraph and never with a stack trace.

    Parameters:
        message: what happened, where (file, row, column, model) and what to do about it.
        exit_code: the process exit code the command line ends with. 1 is a failed run or check,
            2 a wrong call, 3 something missing that another command makes.
    """

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code

"""A hook of Claude Code: each tool use decided by an exported engine before it is made.

What runs in the hook's own process, standard library only: `launcher`, which is the file that is
started, and `caller` (`requests` reads what is asked, `answers` says what is told), which
`writing` makes into one file. `installing` puts it into the settings that `document` reads.
"""

from govlab.hooking.installing import (
    Change,
    Choice,
    Standing,
    perform,
    plan_install,
    plan_uninstall,
    status,
)

__all__ = ["Change", "Choice", "Standing", "perform", "plan_install", "plan_uninstall", "status"]

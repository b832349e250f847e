from govlab.backends.shell import *  # temporary
from govlab.backends.shell import Shell, analyse

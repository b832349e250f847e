from govlab.arguments import *  # temporary
from govlab.arguments import parse, read, value_state, digest, patch

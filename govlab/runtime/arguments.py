from govlab.arguments import *  # temporary

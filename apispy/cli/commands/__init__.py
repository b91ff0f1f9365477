"""The commands of ``apispy``, one file each: a module ``NAME`` here, with a click command called ``command``."""

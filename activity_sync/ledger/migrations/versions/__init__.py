"""One file per revision, named `rNNNN_what_it_brings`."""

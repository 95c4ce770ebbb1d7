//! Lines in, lines out: for pipes, scripts and screen readers.

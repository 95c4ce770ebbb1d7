//! The terminal's faces: the full screen, plain lines, and JSON lines

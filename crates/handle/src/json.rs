//! The events as JSON lines, versioned.

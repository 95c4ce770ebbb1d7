//! The commands, the events and the typed handle that every user interface holds

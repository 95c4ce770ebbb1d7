//! What everything means: meetings, contacts, conversations, outbox, trust

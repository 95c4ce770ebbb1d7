//! Codes, pairing, cards, cells and messages of Undertone's own protocol

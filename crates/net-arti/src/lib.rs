//! Onion services by embedded Arti; the only crate that names it

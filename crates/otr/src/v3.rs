//! Versions 2 and 3, which differ in their header, fragments and queries only: the key exchange,
//! data messages and their keys.

pub(crate) mod ake;
pub(crate) mod keys;
pub(crate) mod message;

mod crypto;

#[cfg(test)]
mod tests;

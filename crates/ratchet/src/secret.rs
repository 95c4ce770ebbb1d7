//! Bytes that must not be seen, compared in variable time, or left in memory.

use alloc::boxed::Box;
use core::fmt;

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// `N` secret bytes on the heap, so that moving the value leaves no copy behind. Erased on drop,
/// compared in constant time, never shown.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret<const N: usize>(Box<[u8; N]>);

impl<const N: usize> Secret<N> {
    /// Takes the bytes over. The caller's copy is the caller's to erase.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; N]) -> Self {
        let mut own = Box::new([0; N]);
        own.copy_from_slice(bytes);
        Self(own)
    }

    /// Draws fresh bytes.
    #[must_use]
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let mut own = Box::new([0; N]);
        rng.fill_bytes(own.as_mut_slice());
        Self(own)
    }

    /// Overwrites the bytes in their place.
    pub(crate) fn replace(&mut self, bytes: &[u8; N]) {
        self.0.copy_from_slice(bytes);
    }

    /// The bytes themselves, for the one who computes with them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> PartialEq for Secret<N> {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).into()
    }
}

impl<const N: usize> Eq for Secret<N> {}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret<{N}>(…)")
    }
}

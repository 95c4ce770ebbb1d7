//! What the protocol needs of a group.

use alloc::vec::Vec;

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

mod ed448;
mod modp;
mod ristretto;

pub use ed448::Ed448;
pub(crate) use ed448::Ed448Scalar;
pub use modp::Modp1536;
pub(crate) use modp::ModpScalar;
pub use ristretto::Ristretto;

/// A group of prime order in which discrete logarithms are hard.
///
/// Written additively, also where a group is multiplicative by habit. Everything but decoding
/// takes the same time for all values: scalars are secrets or made from such.
pub trait Group {
    /// For hashes of our own and for what people read, so that runs in different groups have
    /// nothing in common.
    const NAME: &'static str;
    /// Length of the longest encoding of an element, in bytes.
    const ELEMENT_LEN: usize;
    /// Length of the longest encoding of a scalar, in bytes.
    const SCALAR_LEN: usize;

    /// An element. Some are secrets shared by both sides.
    type Element: Clone + ConstantTimeEq + Zeroize;
    /// An integer modulo the order.
    type Scalar: Clone + Zeroize;

    /// `scalar · generator`.
    fn mul_base(scalar: &Self::Scalar) -> Self::Element;
    /// `scalar · element`.
    fn mul(element: &Self::Element, scalar: &Self::Scalar) -> Self::Element;
    /// `one + two`.
    fn add(one: &Self::Element, two: &Self::Element) -> Self::Element;
    /// `one - two`.
    fn sub(one: &Self::Element, two: &Self::Element) -> Self::Element;
    /// `minuend - one · two`: the response of a proof.
    fn scalar_sub_product(
        minuend: &Self::Scalar,
        one: &Self::Scalar,
        two: &Self::Scalar,
    ) -> Self::Scalar;
    /// Whether both are the same scalar, in constant time.
    fn scalar_eq(one: &Self::Scalar, two: &Self::Scalar) -> subtle::Choice;

    /// How many of these bytes are the first element's encoding; none if they end within it.
    fn element_len(bytes: &[u8]) -> Option<usize>;
    /// Appends the element's one encoding.
    fn encode(element: &Self::Element, out: &mut Vec<u8>);
    /// Reads an element; none for bytes that are not the one encoding of an element of the
    /// prime-order group, and none for the identity.
    fn decode(bytes: &[u8]) -> Option<Self::Element>;
    /// How many of these bytes are the first scalar's encoding; none if they end within it.
    fn scalar_len(bytes: &[u8]) -> Option<usize>;
    /// Appends the scalar's one encoding.
    fn encode_scalar(scalar: &Self::Scalar, out: &mut Vec<u8>);
    /// Reads a scalar; none for zero. Ristretto and MODP-1536 refuse bytes that are not the one
    /// encoding of a scalar; Ed448 reduces what it gets, as OTRv4 does.
    fn decode_scalar(bytes: &[u8]) -> Option<Self::Scalar>;
}

/// `length`, if there are as many bytes.
fn within(bytes: &[u8], length: usize) -> Option<usize> {
    (bytes.len() >= length).then_some(length)
}

//! The Socialist Millionaire Protocol over a prime-order group

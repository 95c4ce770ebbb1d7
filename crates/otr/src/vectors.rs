//! The vectors, for tests within the crate.

use serde_json::Value;

/// `tests/vectors/otr3_ake_data.json`.
pub(crate) fn ake() -> Value {
    serde_json::from_str(include_str!("../tests/vectors/otr3_ake_data.json")).unwrap()
}

/// `tests/vectors/fragments.json`.
pub(crate) fn fragments() -> Value {
    serde_json::from_str(include_str!("../tests/vectors/fragments.json")).unwrap()
}

/// The bytes of a field in hexadecimal digits.
pub(crate) fn hex(field: &Value) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(field.as_str().unwrap().as_bytes()).unwrap()
}

//! The golden file of a stored private key.

#[test]
fn the_stored_key_is_the_golden_one() {
    let golden = include_str!("../golden/private-key-v1.hex").trim();
    let key = crate::common::key();
    assert_eq!(data_encoding::HEXLOWER.encode(&key.to_bytes()), golden);
    let fingerprint = key.public().fingerprint().to_string();
    assert_eq!(fingerprint, "76C21F2F C0B424F5 CA6ADCF0 72F682C0 C4BC5AEF");
}

//! What is left out of the record's JSON, because an order can have thousands of instances.

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde's skip_serializing_if wants"
)]
pub(super) fn is_zero(value: &u32) -> bool {
    *value == 0
}

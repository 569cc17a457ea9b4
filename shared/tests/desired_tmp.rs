#[path = "../../tests/tests/desired/main.rs"]
mod desired;

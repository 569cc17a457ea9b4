//! Writes `docs/cli.md` to standard output.

fn main() {
    print!("{}", reseller::help::page());
}

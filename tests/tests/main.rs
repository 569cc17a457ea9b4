//! Every test that needs nothing but this process: one program, because each more links the whole AWS SDK once more. Those
//! that start others or want an emulator of AWS are programs of their own, `durable` and `aws`.
#![recursion_limit = "256"] // some bodies are one literal of JSON

mod audit;
mod contract;
mod deliveries;
mod desired;
mod fulfilment;
mod growth;
mod guards;
mod inspect;
mod ledger;
mod load;
mod logged;
mod named;
mod queue;
mod sim;
mod storefront_mutations;
mod woocommerce;

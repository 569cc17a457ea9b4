//! The reseller's catalog.

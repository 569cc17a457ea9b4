//! Guards: protections that tests take out one at a time, to see that another test turns red. Without the feature
//! `guards`, which no function and no default turns on, each of them is the constant `true`: nothing in what is deployed
//! can skip one.

/// Only a build in which guards can be taken out holds this text.
#[cfg(feature = "guards")]
const MARKER: &str = "reseller-hooks was built with the feature guards: for tests only";

/// `true`, as a value that is looked up at run time.
#[cfg(feature = "guards")]
pub(crate) fn on() -> bool {
    !std::hint::black_box(MARKER).is_empty()
}

/// Declares a set of guards, all of them on. `$flags` has a field for each guard; `$name` is the same type where guards
/// can be taken out, and else shows `$flags` with nothing but constants in it.
macro_rules! guards {
    ($(#[$meta:meta])* $name:ident, $flags:ident { $($(#[$doc:meta])* $guard:ident,)+ }) => {
        $(#[$meta])*
        #[doc(hidden)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $flags {
            $($(#[$doc])* pub $guard: bool,)+
        }

        $(#[$meta])*
        #[doc(hidden)]
        #[cfg(feature = "guards")]
        pub type $name = $flags;

        #[cfg(feature = "guards")]
        impl Default for $flags {
            fn default() -> Self {
                Self { $($guard: $crate::guards::on(),)+ }
            }
        }

        $(#[$meta])*
        #[doc(hidden)]
        #[cfg(not(feature = "guards"))]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct $name(());

        #[cfg(not(feature = "guards"))]
        impl std::ops::Deref for $name {
            type Target = $flags;

            fn deref(&self) -> &$flags {
                &$flags { $($guard: true,)+ }
            }
        }
    };
}

pub(crate) use guards;

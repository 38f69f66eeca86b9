//! Desired state: plain data and questions about it, no I/O.

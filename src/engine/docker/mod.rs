//! Engines that speak Docker's API. The only folder that names bollard.

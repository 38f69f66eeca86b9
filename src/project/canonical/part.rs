//! What services and their blocks share: counts, references to files, limits, requests for devices.

use super::fields::Fields;
use super::form::Form;
use crate::project::Tree;
use crate::project::service::FileReference;
use crate::project::value::{DeviceRequest, Ulimit};

/// A count, even beyond the signed range.
pub(super) fn unsigned(number: u64) -> Tree {
    i64::try_from(number).map_or_else(|_| Tree::String(number.to_string()), Tree::Int)
}

pub(super) fn device_request(request: &DeviceRequest, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.texts("capabilities", &request.capabilities);
    fields.text("driver", request.driver.as_deref());
    fields.number("count", request.count.0);
    fields.texts("device_ids", &request.device_ids);
    fields.texts_by_name("options", &request.options);
    fields.end(&request.extensions)
}

pub(super) fn file_reference<K: AsRef<str>>(reference: &FileReference<K>, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.text("source", Some(reference.source.as_ref()));
    fields.text("target", reference.target.as_deref());
    fields.text("uid", reference.uid.as_deref());
    fields.text("gid", reference.gid.as_deref());
    fields.shown("mode", reference.mode);
    fields.end(&reference.extensions)
}

/// YAML shows both limits even if they are 0; JSON leaves zeros out.
pub(super) fn ulimit(limit: &Ulimit, form: Form) -> Tree {
    match limit {
        Ulimit::Single(limit) => Tree::Int(*limit),
        Ulimit::Pair { soft, hard, extensions } => {
            let mut fields = Fields::new(form);
            let is_shown = |limit: &i64| *limit != 0 || !form.is_json();
            fields.some("soft", Some(*soft).filter(is_shown));
            fields.some("hard", Some(*hard).filter(is_shown));
            fields.end(extensions)
        }
    }
}

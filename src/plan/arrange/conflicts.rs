//! Names, host ports and fixed addresses that move from one container to another: steps that take them come after steps
//! that free them.

use crate::plan::Edge;
use crate::plan::arrange::writer::PlanWriter;
use crate::plan::decide::conflicts::needs_of;

impl PlanWriter<'_, '_> {
    /// Orders renames and starts after the steps that free what they need.
    pub(in crate::plan) fn clashes(&mut self) {
        for (rename, name) in std::mem::take(&mut self.renames) {
            if let Some(remove) = self.freed(&name) {
                self.builder.order(remove, rename, Edge::Requires);
            }
        }
        let stops: Vec<_> = self.stops.iter().map(|(id, stop)| (*id, stop.step)).collect();
        let holders = stops.into_iter().filter_map(|(id, stop)| Some((self.cx.observed.container(id)?, stop)));
        let holders: Vec<_> = holders.collect();
        for (start, service, own) in self.new_starts.clone() {
            for (holder, stop) in &holders {
                let same = holder.service.as_ref() == Some(&service.name);
                let in_turn =
                    same && self.decisions.get(&service.name).is_some_and(|decision| decision.rolling.is_some());
                let other = own != Some(&holder.id) && !in_turn;
                if other && needs_of(service, holder) && !self.builder.is_before(start, *stop) {
                    self.builder.order(*stop, start, Edge::Requires);
                }
            }
        }
    }
}

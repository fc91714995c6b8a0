//! A shape for each state, so that colour is never the only sign.

use analyzer::State;
use maud::{Markup, PreEscaped, html};

/// The shapes, defined once a page and used by reference.
pub(crate) const SPRITE: PreEscaped<&str> = PreEscaped(
    r##"<svg class="sprite" aria-hidden="true" focusable="false"><defs>
<symbol id="s-scanning" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="none" stroke="currentColor" stroke-width="1.8"/><circle cx="8" cy="8" r="3.6" fill="currentColor"/></symbol>
<symbol id="s-idle" viewBox="0 0 16 16"><path d="M8 1.4 15.2 14.4H.8Z" fill="currentColor" stroke="currentColor" stroke-width="1" stroke-linejoin="round"/></symbol>
<symbol id="s-running" viewBox="0 0 16 16"><path d="M3.200 1.600 14.200 8 3.200 14.400Z" fill="currentColor" stroke="currentColor" stroke-linejoin="round"/></symbol>
<symbol id="s-standby" viewBox="0 0 16 16"><path d="M10.6 1.6A6.9 6.9 0 1 0 14.6 11 6.2 6.2 0 0 1 10.6 1.6Z" fill="currentColor"/></symbol>
<symbol id="s-off" viewBox="0 0 16 16"><rect x="2" y="2" width="12" height="12" rx="2" fill="none" stroke="currentColor" stroke-width="1.8"/></symbol>
<symbol id="s-unknown" viewBox="0 0 16 16"><path d="M8 .9 15.1 8 8 15.1.9 8Z" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="2.6 1.6"/><path d="M6.3 6.4a1.8 1.8 0 1 1 2.6 1.6c-.6.3-.9.6-.9 1.2" fill="none" stroke="currentColor" stroke-width="1.4" stroke-linecap="round"/><circle cx="8" cy="11.2" r=".9" fill="currentColor"/></symbol>
<symbol id="s-alert" viewBox="0 0 16 16"><path d="M8 1.2c-2.700 0-4.400 2-4.400 4.700 0 3.400-1.100 4.700-1.900 5.700h12.600c-.8-1-1.900-2.300-1.900-5.700C12.400 3.200 10.700 1.200 8 1.200Z" fill="currentColor"/><path d="M6.300 13.100a1.800 1.800 0 0 0 3.400 0Z" fill="currentColor"/></symbol>
<symbol id="s-check" viewBox="0 0 16 16"><path d="m2.500 8.500 3.600 3.700 7.400-8" fill="none" stroke="currentColor" stroke-width="2.200" stroke-linecap="round" stroke-linejoin="round"/></symbol>
</defs></svg>"##,
);

/// The shape of a state; decorative, the word stands beside it.
pub(crate) fn of_state(state: State) -> Markup {
    named(state.name())
}

/// One of the sprite's shapes.
pub(crate) fn named(name: &str) -> Markup {
    html! { svg.shape aria-hidden="true" { use href={ "#s-" (name) } {} } }
}

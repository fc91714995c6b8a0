//! `[alerts]`: a section a rule, and what a device says of a rule for itself.

use crate::config::section::section;
use crate::config::value::{Minutes, Number, RuleWord};

section! {
    /// When a person is told.
    Alerts {
        /// A device is idle outside its opening hours.
        overnight_idle: OvernightIdle => table(OvernightIdle),
        /// A device is idle through a closed period of 36 hours or more.
        left_on_all_weekend: LeftOnAllWeekend => table(LeftOnAllWeekend),
        /// A workstation is on outside its opening hours.
        workstation_on_overnight: WorkstationOnOvernight => table(WorkstationOnOvernight),
        /// A device switches itself on while it is closed, and nobody scans.
        self_wake: SelfWake => table(SelfWake),
        /// An MRI draws clearly less than its cooling needs.
        cryo_base_lost: CryoBaseLost => table(CryoBaseLost),
        /// A meter is silent for long.
        meter_silent: MeterSilent => table(MeterSilent),
        /// One phase of a three-phase meter is reversed or missing while the device is not off.
        phase_reversed_or_missing: PhaseReversedOrMissing => table(PhaseReversedOrMissing),
        /// The energy counter of a meter was reset, went back, jumped or stands still.
        counter_fault: CounterFault => table(CounterFault),
        /// A level of a device is not where it was first known.
        level_drift: LevelDrift => table(LevelDrift),
    }

    /// A device is idle outside its opening hours.
    OvernightIdle {
        /// Whether to look for it.
        enabled: bool => preset(true),
        /// Idle for longer than this raises the alert, minutes.
        grace_minutes: Minutes => preset(Minutes::of(30)),
        /// It is repeated after each of these, minutes, until the state changes or the hours open.
        remind_minutes: Minutes => preset(Minutes::of(120)),
        /// What ends and returns within this goes on as the same alert, minutes.
        settle_minutes: Minutes => preset(Minutes::of(5)),
    }

    /// A device is idle through a closed period of 36 hours or more.
    LeftOnAllWeekend {
        /// Whether to look for it.
        enabled: bool => preset(true),
        /// Idle for longer than this raises the alert, minutes.
        grace_minutes: Minutes => preset(Minutes::of(1440)),
        /// It is repeated after each of these, minutes, while it is still so.
        remind_minutes: Minutes => preset(Minutes::of(720)),
        /// What ends and returns within this goes on as the same alert, minutes.
        settle_minutes: Minutes => preset(Minutes::of(60)),
    }

    /// A workstation is on outside its opening hours.
    WorkstationOnOvernight {
        /// Whether to look for it.
        enabled: bool => preset(true),
        /// On for longer than this raises the alert, minutes.
        grace_minutes: Minutes => preset(Minutes::of(60)),
        /// It is repeated after each of these, minutes, while it is still so.
        remind_minutes: Minutes => preset(Minutes::of(1440)),
        /// What ends and returns within this goes on as the same alert, minutes.
        settle_minutes: Minutes => preset(Minutes::of(5)),
    }

    /// A device switches itself on while it is closed, and nobody scans.
    SelfWake {
        /// Whether to look for it.
        enabled: bool => preset(true),
        /// Awake for longer than this without a scan raises the alert, minutes.
        grace_minutes: Minutes => preset(Minutes::of(15)),
        /// It is repeated after each of these, minutes, while it is still so.
        remind_minutes: Minutes => preset(Minutes::of(1440)),
        /// What ends and returns within this goes on as the same alert, minutes.
        settle_minutes: Minutes => preset(Minutes::of(30)),
    }

    /// An MRI draws clearly less than its cooling needs.
    CryoBaseLost {
        /// Whether to look for it.
        enabled: bool => preset(true),
        /// Sound readings of so little for longer than this raise the alert, minutes.
        grace_minutes: Minutes => preset(Minutes::of(2)),
        /// It is repeated after each of these, minutes, while it is still so.
        remind_minutes: Minutes => preset(Minutes::of(30)),
        /// What ends and returns within this goes on as the same alert, minutes.
        settle_minutes: Minutes => preset(Minutes::of(10)),
    }

    /// A meter is silent for long.
    MeterSilent {
        /// Whether to look for it.
        enabled: bool => preset(true),
        /// Silent for longer than this beyond its silence limit raises the alert, minutes.
        grace_minutes: Minutes => preset(Minutes::of(15)),
        /// It is repeated after each of these, minutes, while it is still so.
        remind_minutes: Minutes => preset(Minutes::of(1440)),
        /// What ends and returns within this goes on as the same alert, minutes.
        settle_minutes: Minutes => preset(Minutes::of(15)),
    }

    /// One phase of a three-phase meter is reversed or missing while the device is not off.
    PhaseReversedOrMissing {
        /// Whether to look for it.
        enabled: bool => preset(true),
        /// So for longer than this raises the alert, minutes.
        grace_minutes: Minutes => preset(Minutes::of(10)),
        /// It is repeated after each of these, minutes, while it is still so.
        remind_minutes: Minutes => preset(Minutes::of(1440)),
        /// What ends and returns within this goes on as the same alert, minutes.
        settle_minutes: Minutes => preset(Minutes::of(30)),
        /// A phase below this share of the other two's mean is missing, below minus this share reversed; above 0, below 1.
        share: Number => preset(Number(0.05)),
    }

    /// The energy counter of a meter was reset, went back, jumped or stands still.
    CounterFault {
        /// Whether to look for it.
        enabled: bool => preset(true),
        /// It is repeated after each of these, minutes, while it is still so.
        remind_minutes: Minutes => preset(Minutes::of(1440)),
        /// Another fault within this belongs to the same alert, minutes.
        settle_minutes: Minutes => preset(Minutes::of(1440)),
    }

    /// A level of a device is not where it was first known.
    LevelDrift {
        /// Whether to look for it.
        enabled: bool => preset(true),
        /// It is repeated after each of these, minutes, while it is still so.
        remind_minutes: Minutes => preset(Minutes::of(10080)),
        /// Another move within this belongs to the same alert, minutes.
        settle_minutes: Minutes => preset(Minutes::of(10080)),
    }

    /// What holds for one rule at this device.
    RuleHere {
        /// The rule, as its section in [alerts] is named.
        rule: Option<RuleWord> => required("\"meter_silent\""),
        /// Whether to look for it.
        enabled: Option<bool> => optional("false"),
        /// In place of that of [alerts].
        grace_minutes: Option<Minutes> => optional("60"),
        /// In place of that of [alerts].
        remind_minutes: Option<Minutes> => optional("240"),
        /// In place of that of [alerts].
        settle_minutes: Option<Minutes> => optional("30"),
    }
}

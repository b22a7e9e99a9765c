"""MIDI in and out while the band plays: control, performance notes, clock, and hot-plugging.

`rig` brings it together for a session. In: `ports` (and `bridge`, for JACK's) are kept open by
`hotplug`; `listener` sorts what comes; `mapping` and `control` conduct, `clock` and `slave` let
another clock keep the time. Out: `scheduler` sends at the beats' times what `output` makes.
"""

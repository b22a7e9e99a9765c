"""Music kept ahead of the transport: no gap, no piece twice, one at a time."""

from scband.studio.ahead import Ahead
from scband.studio.generation import GenerationRequest


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_each_piece_begins_where_the_last_one_ends():
    ahead = Ahead(GenerationRequest(chord_progression="C"), 3600.0, Clock())
    starts = []
    for beat in range(0, 200, 2):
        asked = ahead.next_request(float(beat), 32.0)
        if asked is not None:
            starts.append((asked.start, asked.duration))
            assert ahead.next_request(float(beat), 32.0) is None  # one at a time
            ahead.made(asked.start, asked.duration)
        assert ahead.until(float(beat)) - beat >= 31.9
    assert starts == [(32.0 * number, 32.0) for number in range(len(starts))]


def test_after_a_jump_there_is_music_at_the_new_place_and_none_is_made_again():
    ahead = Ahead(GenerationRequest(chord_progression="C"), 3600.0, Clock())
    ahead.made(0.0, 64.0)
    asked = ahead.next_request(200.0, 32.0)
    assert asked is not None
    assert asked.start == 200.0
    ahead.made(200.0, 32.0)
    assert ahead.next_request(10.0, 32.0) is None


def test_pieces_whose_files_are_old_count_no_more():
    clock = Clock()
    ahead = Ahead(GenerationRequest(chord_progression="C"), 60.0, clock)
    ahead.made(0.0, 64.0)
    clock.now = 61.0
    assert ahead.next_request(0.0, 32.0) is not None


def test_a_piece_that_failed_is_not_asked_for_over_and_over():
    ahead = Ahead(GenerationRequest(chord_progression="C"), 60.0, Clock())
    ahead.failed = True
    assert ahead.next_request(0.0, 32.0) is None

#!/usr/bin/env bash
# A plugin's session with curl: bash examples/40_plugin_session.sh [http://localhost:8000 [take.wav]]
# Needs `scband serve`, or a band that plays. Python stands in for a JSON parser.
set -euo pipefail
url="${1:-http://localhost:8000}"
secret="${PLUGIN_SECRET:-keep this one between sessions}"

field() { python3 -c 'import functools, json, sys; print(functools.reduce(lambda value, name: value[int(name) if name.isdigit() else name], sys.argv[1].split("."), json.load(sys.stdin)))' "$1"; }
call() { curl --silent --show-error --fail-with-body --max-time 60 -H "Authorization: Bearer ${token:-}" "$@"; }
json=(-H 'Content-Type: application/json')

token="$(call "${json[@]}" "$url/api/plugin/register" \
    -d "{\"plugin_id\": \"curl-plugin\", \"secret\": \"$secret\"}" | field token)"
call "$url/api/plugin/status"; echo

call -X POST "${json[@]}" "$url/api/transport/start" -d '{"tempo": 120}'; echo
call "$url/api/transport/position"; echo
call -X POST "$url/api/transport/stop"; echo

job="$(call "${json[@]}" "$url/api/midi/generate" -d '{
    "track_types": ["bass", "drums", "keys", "guitar"], "chord_progression": "C-Am-F-G",
    "tempo": 120, "duration": 32, "key": "C major"}' | field job_id)"
echo "bars as they become known:"
call --no-buffer "${json[@]}" "$url/api/midi/stream" -d "{\"job_id\": \"$job\"}" | cut -c1-100
file="$(call "$url/api/jobs/$job?wait=30" | field result.files.0.file_id)"
call "$url/api/midi/$file" -o bass.mid
echo "bass.mid: $(wc -c <bass.mid) bytes"

if [[ $# -gt 1 ]]; then
    audio="$(call -F "file=@$2" "$url/api/audio/upload" | field audio_id)"
    job="$(call "${json[@]}" "$url/api/midi/generate" -d "{\"audio_id\": \"$audio\"}" | field job_id)"
    call "$url/api/jobs/$job?wait=60"; echo
fi
call "$url/api/midi/list" | field count
call -X DELETE "$url/api/midi/$file"; echo

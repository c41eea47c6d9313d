"""From bytes to speech: decoding in a limited child process, voice activity, signal quality. No torch here."""

"""How pages show things: figures, sliders of frames, progress bars. They draw arrays."""

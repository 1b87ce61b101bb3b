"""The CAD side: nothing outside this folder knows the shapes that Sonoran CAD sends."""

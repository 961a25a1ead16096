"""What a denoiser is asked to predict, and the pipeline that draws pictures with it."""

"""Sensors, one module each: what starts when the tables, or the runs, say that it is time."""

from pd_assets.sensors.failures import overlooked_retries, run_failure_alert
from pd_assets.sensors.retrain import retrain_on_new_images
from pd_assets.sensors.takedown import takedown_watch

sensors = [overlooked_retries, run_failure_alert, retrain_on_new_images, takedown_watch]

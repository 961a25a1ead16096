"""However a batch is cut, it is the same batch: parts, memory and gradient checkpointing change no gradient."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from pd_ml.config import ClipConfig, UnetConfig, with_overrides
from pd_ml.data.loader import open_split
from pd_ml.device import open_machine
from pd_ml.errors import DeviceError, Suspended
from pd_ml.models.tokenizer import load_tokenizer
from pd_ml.models.unet import build_unet
from pd_ml.recipes import recipe
from pd_ml.training.clip_stage import ClipTask
from pd_ml.training.draws import normal, uniform
from pd_ml.training.gradients import Gradients
from pd_ml.training.task import Batch, Places, Task, whole
from tests.pd_ml.toy import CONFIG, ToyPictures, ToyTask, loop_in, same, stop_after, weights


def gradient(task: Task[Batch], batch_size: int, micro_batch_size: int) -> tuple[float, Tensor]:
    """Loss and gradient of step 3."""
    work = Gradients(task, task.model, open_machine(CONFIG), batch_size=batch_size)
    work.limit(micro_batch_size)
    task.model.zero_grad()
    loss = work.add(3)
    return float(loss), torch.cat([one.grad.flatten() for one in task.model.parameters() if one.grad is not None])


@pytest.mark.parametrize("micro_batch_size", [1, 2, 3])
def test_parts_of_a_batch_add_up_to_its_loss_and_gradient(micro_batch_size: int) -> None:
    loss, whole_gradient = gradient(ToyTask(dropout=0.0), 4, 0)
    parts_loss, parts_gradient = gradient(ToyTask(dropout=0.0), 4, micro_batch_size)
    assert parts_loss == pytest.approx(loss, rel=1e-6)
    assert torch.allclose(parts_gradient, whole_gradient, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("loss_name", ["softmax", "sigmoid"])
@pytest.mark.parametrize("micro_batch_size", [5, 8])
def test_a_contrastive_batch_in_parts_has_the_gradient_of_the_whole(
    dataset: Path, models: Path, tmp_path: Path, micro_batch_size: int, loss_name: str
) -> None:
    config = with_overrides(recipe("clip", "debug"), ["batch_size=16", f"loss={loss_name}"])
    assert isinstance(config, ClipConfig)
    train = open_split(dataset, "train", image_size=16, cache=tmp_path)
    task = ClipTask(config, load_tokenizer(models / "tokenizer"), train, train, torch.device("cpu"))
    loss, whole_gradient = gradient(task, 16, 0)
    parts_loss, parts_gradient = gradient(task, 16, micro_batch_size)
    assert parts_loss == pytest.approx(loss, rel=1e-5)
    assert torch.allclose(parts_gradient, whole_gradient, rtol=1e-5, atol=1e-5)
    # The mean of the parts' own losses would be another one: fewer captions to be told apart.
    part = whole(16).parts(micro_batch_size)[0]
    assert float(task.loss(task.model, task.batch(3, part), 3).detach()) < 0.98 * loss


class Greedy(ToyPictures):
    """Runs out of memory with more than `holds` examples at a time."""

    def __init__(self, holds: int) -> None:
        super().__init__()
        self.holds = holds

    def loss(self, model: nn.Module, batch: Tensor, step: int) -> Tensor:
        if len(batch) > self.holds and model.training:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return super().loss(model, batch, step)


def test_out_of_memory_halves_what_goes_through_at_a_time_and_keeps_the_batch(tmp_path: Path) -> None:
    roomy, tight, people = tmp_path / "roomy", tmp_path / "tight", io.StringIO()
    loop_in(roomy, ToyTask(dropout=0.0)).run(roomy)
    outcome = loop_in(tight, Greedy(holds=1), people=people).run(tight)
    assert outcome.counts["images_seen"] == 80
    assert outcome.used is not None and outcome.used.times.sum() == 80, "what was tried and repeated counts once"
    assert "out of memory: going on with 1 examples at a time, the batch stays 4" in people.getvalue()
    assert all(torch.allclose(weights(tight)[name], value, atol=1e-5) for name, value in weights(roomy).items())


def test_a_resumed_run_cuts_its_batches_like_the_one_before(tmp_path: Path) -> None:
    through, stopped = tmp_path / "through", tmp_path / "stopped"
    loop_in(through, Greedy(holds=2)).run(through)
    with pytest.raises(Suspended):
        loop_in(stopped, Greedy(holds=2), stop_after(9)).run(stopped)
    loop_in(stopped, Greedy(holds=4)).run(stopped)
    assert same(weights(stopped), weights(through))


def test_a_model_too_large_for_one_example_is_a_named_error(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match=r"not even one example at a time fits the memory \(CUDA out of memory"):
        loop_in(tmp_path, Greedy(holds=0)).run(tmp_path)


def test_another_runtime_error_is_not_taken_for_out_of_memory(tmp_path: Path) -> None:
    class Broken(ToyTask):
        def loss(self, model: nn.Module, batch: Tensor, step: int) -> Tensor:
            if model.training and step:
                raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")
            return super().loss(model, batch, step)

    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        loop_in(tmp_path, Broken()).run(tmp_path)


def test_gradient_checkpointing_changes_no_gradient() -> None:
    config = recipe("unet", "debug")
    assert isinstance(config, UnetConfig)
    found = []
    for checkpointed in (False, True):
        torch.manual_seed(0)
        training = replace(config.training, gradient_checkpointing=checkpointed)
        model = open_machine(training).tuned(build_unet(config), training).train()
        assert bool(model.is_gradient_checkpointing) is checkpointed
        images = torch.linspace(-1, 1, 2 * 3 * 16 * 16).reshape(2, 3, 16, 16)
        model(images, torch.tensor([10.0, 500.0])).sample.square().mean().backward()
        found.append(torch.cat([one.grad.flatten() for one in model.parameters()]))
    assert torch.allclose(found[0], found[1], rtol=1e-5, atol=1e-8)


@given(total=st.integers(1, 40), processes=st.integers(1, 5), size=st.integers(1, 9), seed=st.integers(0, 99))
def test_an_example_meets_the_same_noise_wherever_it_is_computed(
    total: int, processes: int, size: int, seed: int
) -> None:
    shares = [whole(total).share(rank, processes) for rank in range(processes)]
    parts = [part for share in shares for part in share.parts(size)]
    assert [place for part in parts for place in range(part.start, part.stop)] == list(range(total))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    noise = torch.cat([normal(seed, "n", 7, part, 2, 3) for part in parts])
    assert torch.equal(noise, normal(seed, "n", 7, whole(total), 2, 3))
    levels = torch.cat([uniform(seed, "u", 7, part) for part in parts])
    assert torch.equal(levels, uniform(seed, "u", 7, whole(total)))


def test_noise_differs_between_places_steps_and_purposes() -> None:
    two = Places(start=0, stop=2, total=2)
    first = normal(0, "a", 0, two, 4)
    others = [first[1], normal(0, "a", 1, two, 4)[0], normal(0, "b", 0, two, 4)[0], normal(1, "a", 0, two, 4)[0]]
    assert not any(torch.equal(first[0], other) for other in others)
    assert abs(float(normal(0, "a", 0, whole(2000), 8).mean())) < 0.03

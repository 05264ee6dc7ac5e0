"""The state of a training run and one step of it, shared by CycleGAN and pix2pix."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

import genart

from .critics import make_critic
from .data import Domains
from .layers import initialise
from .loading import open_translator
from .networks import build, set_test_time
from .objectives import Pool, adversarial, gradient_penalty
from .schedule import Schedule
from .settings import Settings

_EMA_RAMP = 0.05  # the average's half-life is at most this share of the steps so far


class Training(ABC):
    """Networks, optimisers, pools and counters of one run.

    Everything that decides the next step is in `state()`, so that a resumed run equals an
    uninterrupted one: weights, optimisers, averages, pools, the learning rate's past, the order of
    the data and the random states.

    Args:
        settings: of the run.
        data: at settings.resolution times settings.jitter.
        device: where to train.
    """

    #: Generators and discriminators, by attribute.
    generators: tuple[str, ...]
    critics: tuple[str, ...]

    def __init__(self, settings: Settings, data: Domains, device: torch.device) -> None:
        self.settings, self.data, self.device = settings, data, device
        torch.manual_seed(settings.seed)
        self.nets = nn.ModuleDict()
        for name in self.generators:
            self.nets[name] = build(settings.shape())
        for name in self.critics:
            s = settings
            self.nets[name] = make_critic(
                self._critic_channels(), s.critic_filters, s.critic_layers, s.norm
            )
        initialise(self.nets, settings.init, settings.init_gain)
        self.nets.to(device).to(memory_format=torch.channels_last)
        generators = self._of(self.generators)
        self.average = genart.training.WeightAverage(generators) if settings.ema else None
        self.g_opt, self.d_opt = self._adam(self.generators), self._adam(self.critics)
        self.pools = {name: Pool(settings.pool) for name in self.critics}
        self.schedule = Schedule(
            settings.schedule, settings.epochs, settings.decay, settings.step_epochs
        )
        self.half = settings.amp and device.type == "cuda"
        self.scaler = torch.amp.GradScaler("cuda", enabled=self.half)
        self.steps = 0
        self._paid = [0.0, 0]  # by the generators in this epoch, and in how many steps
        self._orders: dict[tuple[str, int], Tensor] = {}
        self._set_rate()

    def _critic_channels(self) -> int:
        return 3

    def _of(self, names: Iterable[str]) -> nn.ModuleDict:
        return nn.ModuleDict({name: self.nets[name] for name in names})

    def _adam(self, names: Iterable[str]) -> torch.optim.Adam:
        s = self.settings
        return torch.optim.Adam(self._of(names).parameters(), lr=s.lr, betas=(s.beta1, 0.999))

    @property
    def total(self) -> int:
        """Steps in all."""
        return max(math.ceil((self.settings.epochs + self.settings.decay) * self._epoch_steps()), 1)

    @property
    def epoch(self) -> float:
        """Passes over the larger domain so far."""
        return self.steps / self._epoch_steps()

    def _epoch_steps(self) -> float:
        return len(self.data) / self.settings.batch

    @property
    def rate(self) -> float:
        """The learning rate of the next step; exactly 0 after the last of a run that falls to 0."""
        epoch = math.inf if self.steps >= self.total else self.epoch
        return self.settings.lr * self.schedule.factor(epoch)

    def _set_rate(self) -> None:
        for optimiser in (self.g_opt, self.d_opt):
            for group in optimiser.param_groups:
                group["lr"] = self.rate

    def step(self) -> dict[str, float]:
        """One step of generators and discriminators; returns what to log."""
        self.nets.train()
        log = self._step(*self._next())
        self.steps += 1
        self._average()
        self._paid = [self._paid[0] + log["g"], self._paid[1] + 1]
        if int(self.epoch) > int((self.steps - 1) / self._epoch_steps()):
            self.schedule.epoch_ended(self._paid[0] / self._paid[1])
            self._paid = [0.0, 0]
        self._set_rate()
        return log

    @abstractmethod
    def _step(self, a: Tensor, b: Tensor) -> dict[str, float]:
        """Learn from images (batch, 3, h, w) of both domains; "g" is the loss of the generators."""

    @abstractmethod
    def _next(self) -> tuple[Tensor, Tensor]:
        """The next images, jittered."""

    @abstractmethod
    def sheet(self) -> list[list[Tensor]]:
        """Rows of images (1, 3, h, w) that show where the run stands, always the same ones."""

    def _like(self, logits: Tensor, real: bool) -> Tensor:
        return adversarial(logits, real, self.settings.loss)

    def _critic_loss(self, name: str, reals: Tensor, fakes: Tensor) -> Tensor:
        """Half the discriminator loss for reals and fakes, plus the gradient penalty."""
        critic = self.nets[name]
        with self._autocast():
            loss = (self._like(critic(reals), True) + self._like(critic(fakes), False)) / 2
        if self.settings.loss == "wgangp":
            loss = loss + self.settings.penalty * gradient_penalty(critic, reals, fakes)
        return loss

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.float16, enabled=self.half)

    def _descend(self, optimiser: torch.optim.Adam, loss: Tensor) -> None:
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(self.scaler.scale(loss))
        self.scaler.step(optimiser)

    def _train_critics(self, learn: bool) -> None:
        """Whether discriminators collect gradients: not while the generators learn."""
        for name in self.critics:
            self.nets[name].requires_grad_(learn)

    def _jittered(self, domain: Tensor, index: Tensor, draws: Tensor) -> Tensor:
        """Images of a domain, cropped and mirrored by `draws` (batch, 3) in 0..1."""
        side = self.settings.resolution
        room = domain.shape[-1] - side + 1
        made = []
        for picture, (y, x, mirror) in zip(domain[index], draws.tolist(), strict=True):
            top, left = int(y * room), int(x * room)
            cut = picture[:, top : top + side, left : left + side]
            made.append(cut.flip(2) if self.settings.flip and mirror < 0.5 else cut)
        return self._placed(torch.stack(made))

    def _middle(self, domain: Tensor, index: int) -> Tensor:
        """An image of a domain, (1, 3, h, w), as it is used."""
        side = self.settings.resolution
        edge = (domain.shape[-1] - side) // 2
        return self._placed(domain[index : index + 1, :, edge : edge + side, edge : edge + side])

    def _placed(self, pictures: Tensor) -> Tensor:
        images = pictures.to(self.device).float().div_(127.5).sub_(1)
        return images.contiguous(memory_format=torch.channels_last)

    def _order(self, domain: str, count: int) -> Tensor:
        """Which images come next: every epoch of a domain is a shuffle that the seed fixes."""
        first = self.steps * self.settings.batch
        places = range(first, first + self.settings.batch)
        return torch.tensor([int(self._shuffled(domain, count, at // count)[at % count])
                             for at in places])  # fmt: skip

    def _shuffled(self, domain: str, count: int, epoch: int) -> Tensor:
        key = (domain, epoch)
        if key not in self._orders:
            self._orders = {k: v for k, v in self._orders.items() if k[0] != domain}
            seed = (self.settings.seed * 1_000_003 + epoch) * 2 + (domain == "b")
            rng = torch.Generator().manual_seed(seed)
            self._orders[key] = torch.randperm(count, generator=rng)
        return self._orders[key]

    def _average(self) -> None:
        if self.average is not None:
            decay = genart.training.ramped_decay(self.settings.ema, _EMA_RAMP * self.steps + 1e-8)
            self.average.update(self._of(self.generators), decay)

    def learnt(self, name: str) -> nn.Module:
        """A generator as it is kept: averaged where that was asked for."""
        return (self.nets if self.average is None else self.average.network)[name]

    @torch.no_grad()
    def _shown(self, name: str, image: Tensor) -> Tensor:
        """The output of a generator at test time, without random numbers."""
        net = self.learnt(name)
        was = net.training
        set_test_time(net, own=True, seed=0)
        made: Tensor = net.eval()(image)
        net.train(was)
        return made

    def state(self) -> dict[str, Any]:
        """Everything that decides the next step: tensors, numbers and names only."""
        return {
            "settings": self.settings.to_dict(),
            "nets": self.nets.state_dict(),
            "averaged": {} if self.average is None else self.average.network.state_dict(),
            "g_opt": self.g_opt.state_dict(),
            "d_opt": self.d_opt.state_dict(),
            "pools": {name: pool.state() for name, pool in self.pools.items()},
            "schedule": self.schedule.state(),
            "scaler": self.scaler.state_dict(),
            "paid": list(self._paid),
            "steps": self.steps,
            "rng": torch.get_rng_state(),
            "rng_cuda": torch.cuda.get_rng_state_all() if self.device.type == "cuda" else [],
        }

    def start_from(self, model: str) -> None:
        """Load the generator of a model into the first generator, from domain A to B.

        Raises:
            UsageError: a model of another shape.
            CheckpointError: a file that is no translation model.
        """
        net = open_translator(model).network
        weights, first = net.state_dict(), self.generators[0]
        if _shapes(weights) != _shapes(self.nets[first].state_dict()):
            raise genart.UsageError(
                f'"{model}" is a {net.shape.describe()}, and this training makes a '
                f"{self.settings.shape().describe()}; set --network, --blocks, --levels, "
                "--filters, --norm and --up to match."
            )
        self.nets[first].load_state_dict(weights)
        if self.average is not None:
            self.average.network[first].load_state_dict(weights)

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from what `state` gave."""
        for name in ("nets", "g_opt", "d_opt"):
            getattr(self, name).load_state_dict(state[name])
        if state["scaler"]:  # of a run in float32 it is empty, and one in float16 refuses that
            self.scaler.load_state_dict(state["scaler"])
        if self.average is not None:
            self.average.network.load_state_dict(state["averaged"])
        for name, pool in self.pools.items():
            pool.restore(state["pools"][name], self.device)
        self.schedule.restore(state["schedule"])
        self._paid = [float(state["paid"][0]), int(state["paid"][1])]
        self.steps = int(state["steps"])
        self._set_rate()
        torch.set_rng_state(state["rng"].cpu())
        if self.device.type == "cuda" and state["rng_cuda"]:
            torch.cuda.set_rng_state_all([x.cpu() for x in state["rng_cuda"]])


def _shapes(weights: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(weight.shape) for name, weight in weights.items()}

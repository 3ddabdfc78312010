/**
 * Matrices of the state as pictures of 64 × 64 points: cold below zero, warm
 * above, the page's own colour at zero.
 *
 * @module
 */

import type { ComponentChild } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { settings } from "../store/settings.ts";

/** Rows and columns of a head's matrix. */
const MATRIX_SIDE = 64;

/** Below 1, because most of a state is close to zero. */
const CONTRAST = 0.42;

/** Draws a matrix of steps from -127 to 127. */
export function MatrixView(
  { steps, label }: { steps: Int8Array | undefined; label?: string },
): ComponentChild {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { theme } = settings.value;
  useEffect(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const paint = () => canvas.current && draw(canvas.current, steps);
    paint();
    dark.addEventListener("change", paint);
    return () => dark.removeEventListener("change", paint);
  }, [steps, theme]);
  return (
    <canvas
      ref={canvas}
      width={MATRIX_SIDE}
      height={MATRIX_SIDE}
      {...label === undefined
        ? { "aria-hidden": "true" }
        : { role: "img", "aria-label": label }}
    />
  );
}

/** A save's face in the list. */
export function Face(
  { steps }: { steps: Int8Array | undefined },
): ComponentChild {
  return <span class="face">{<MatrixView steps={steps} />}</span>;
}

type Colour = readonly [red: number, green: number, blue: number];

function draw(canvas: HTMLCanvasElement, steps: Int8Array | undefined): void {
  const context = canvas.getContext("2d");
  if (context === null) return;
  const style = getComputedStyle(canvas);
  const colour = (name: string) => parseColour(style.getPropertyValue(name));
  const zero = colour("--zero"),
    cold = colour("--cold"),
    warm = colour("--warm");
  const image = context.createImageData(MATRIX_SIDE, MATRIX_SIDE);
  for (let i = 0; i < MATRIX_SIDE * MATRIX_SIDE; i++) {
    const value = (steps?.[i] ?? 0) / 127;
    const share = Math.abs(value) ** CONTRAST;
    const end = value < 0 ? cold : warm;
    for (const c of [0, 1, 2] as const) {
      image.data[4 * i + c] = zero[c] + share * (end[c] - zero[c]);
    }
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

/** `#rrggbb`, as the style sheet writes these three. */
function parseColour(text: string): Colour {
  const bits = Number.parseInt(text.trim().slice(1), 16) || 0;
  return [bits >> 16 & 255, bits >> 8 & 255, bits & 255];
}

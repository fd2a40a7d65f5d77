/** What a span may carry. */
export type SpanAttribute = string | number | boolean;

/** The role of a span between two parties, as in OpenTelemetry. */
export type SpanKind = "internal" | "client" | "server" | "producer" | "consumer";

/** How a span starts. */
export interface SpanOptions {
  readonly kind?: SpanKind | undefined;
  readonly attributes?: Readonly<Record<string, SpanAttribute>> | undefined;
  /** The span this one belongs to; default none: the runtime never guesses a parent from what happens to be running. */
  readonly parent?: Span | undefined;
  /** W3C trace context of the message that caused it (`traceparent`, `tracestate`); a tracer makes it the parent when `parent` is absent. */
  readonly trace?: Readonly<Record<string, string>> | undefined;
}

/** A piece of work with a beginning and an end. */
export interface Span {
  setAttribute(name: string, value: SpanAttribute): void;
  /** Marks the span as failed. */
  recordError(error: unknown): void;
  /** W3C trace context to hand to what this span causes; undefined when nothing is recorded. */
  propagate(): Readonly<Record<string, string>> | undefined;
  end(): void;
}

/**
 * Where spans go. Structural: `@troupe/otel` adapts OpenTelemetry; core names no tracing library.
 * Without a tracer no span, name or attribute is made.
 */
export interface Tracer {
  startSpan(name: string, options?: SpanOptions): Span;
}

import type { Task } from "./task";

/** The runnable tasks of one processor: strict priorities, first come first served among equals. */
export class RunQueue {
  /** By priority, lowest number first; a list stays when it runs empty. */
  private readonly levels: { readonly priority: number; readonly tasks: Task[] }[] = [];

  /** Priority of the most urgent task, or `null` when there is none. */
  get best(): number | null {
    for (const level of this.levels) if (level.tasks.length > 0) return level.priority;
    return null;
  }

  /** How many tasks are queued. */
  get length(): number {
    return this.levels.reduce((sum, level) => sum + level.tasks.length, 0);
  }

  /** Queues behind its equals. */
  push(task: Task): void {
    this.level(task.priority).push(task);
  }

  /** Queues before its equals: for a task that could not finish its turn. */
  unshift(task: Task): void {
    this.level(task.priority).unshift(task);
  }

  /** Takes the task whose turn it is. */
  shift(): Task | undefined {
    for (const level of this.levels) {
      const task = level.tasks.shift();
      if (task !== undefined) return task;
    }
    return undefined;
  }

  /** Takes a task out, wherever it stands. @returns whether it was there */
  remove(task: Task): boolean {
    const tasks = this.level(task.priority);
    const index = tasks.indexOf(task);
    if (index >= 0) tasks.splice(index, 1);
    return index >= 0;
  }

  private level(priority: number): Task[] {
    const found = this.levels.find((level) => level.priority === priority);
    if (found !== undefined) return found.tasks;
    const tasks: Task[] = [];
    this.levels.push({ priority, tasks });
    this.levels.sort((a, b) => a.priority - b.priority);
    return tasks;
  }
}
